/**
 * The one error class Gradloom throws. `code` is stable and meant for programs, `message` is meant
 * for people, and `facts` carries the values the message was made from.
 */
export class GradloomError extends Error {
  readonly code: string;
  readonly facts: Record<string, unknown>;

  constructor(
    code: string,
    message: string,
    facts: Record<string, unknown> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'GradloomError';
    this.code = code;
    this.facts = facts;
  }
}
