/** JSON whose form is still to be checked. */
import { GradloomError } from '../errors.ts';

export type Fields = Readonly<Record<string, unknown>>;
/** The fields of an object; of anything else none. */
export const fields = (v: unknown): Fields =>
  typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Fields) : {};

/** Throws `code` for bytes that are no JSON. */
export function parseFields(bytes: Uint8Array, name: string, code: string): Fields {
  try {
    return fields(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GradloomError(code, `${name} is no JSON: ${why}`, { name }, { cause });
  }
}
