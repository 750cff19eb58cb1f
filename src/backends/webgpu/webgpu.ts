/** The WebGPU backend: kernels as WGSL, on whatever device the browser or Dawn offers. */
import type { MatrixShape } from '../../codegen/wgsl/matrix-product.ts';
import { webgpuTarget } from '../../codegen/wgsl/printer.ts';
import { lowerGraph } from '../../compiler/lower.ts';
import type { Program } from '../../compiler/program.ts';
import { bytesOf, type DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { sizeOf } from '../../shape.ts';
import type { Backend, DeviceBuffer, Executable } from '../backend.ts';
import { type Shared, WebgpuBuffer, wholeWords } from './buffer.ts';
import { Device, type Limits, limitNames } from './device.ts';
import { WebgpuExecutable } from './executable.ts';
import {
  type Feature,
  featureNames,
  featuresOf,
  matrixShapeOf,
  productsAreRight,
} from './features.ts';
import { dataUsage, Pool, readUsage } from './pool.ts';
import { tasksOf } from './tasks.ts';
import { Timeline } from './timeline.ts';
import { Workspace } from './workspace.ts';

export interface WebgpuOptions {
  /** Where adapters come from. Default: `navigator.gpu`, or the package `webgpu` in Node. */
  readonly gpu?: GPU;
  /** Which of several adapters to prefer. Default: 'high-performance'. */
  readonly powerPreference?: 'low-power' | 'high-performance';
  /**
   * Whether invocations share workgroup memory, for products in tiles and long reductions. Default:
   * on GPUs, but not where a processor plays one, which takes long to compile that and gains nothing.
   */
  readonly shared?: boolean;
  /**
   * What factors of matrix products and convolutions are. Default: 'float32'. 'float16' rounds them to
   * half precision where the device computes in it (shader-f16), and sums in float32: less memory to
   * move, matrix units where they may be used, three digits, and infinity for factors beyond 65504.
   */
  readonly products?: ProductPrecision;
  /** Which of the device's features kernels may use. Default: all they know. */
  readonly features?: readonly Feature[];
  /**
   * Limits below the adapter's, by the names of GPUSupportedLimits: what does not fit them is split
   * as on a device that has no more.
   */
  readonly limits?: Partial<Limits>;
}

export type ProductPrecision = 'float32' | 'float16';

export interface WebgpuBackend extends Backend {
  /** The device, its vendor and what it calls itself. */
  readonly description: string;
  /** What it was asked to make of factors of products. */
  readonly products: ProductPrecision;
  /** What kernels use of what the device has beyond WebGPU's core. */
  readonly features: readonly Feature[];
  /** How often commands have been submitted to the queue. */
  readonly submissions: number;
  /** Whether the device is lost or disposed of, for good. */
  readonly ended: boolean;
  /** Throws what the device has reported: lost, out of memory, a refused command. */
  check(): void;
  /** When everything asked for has been done. Throws what failed. */
  settled(): Promise<void>;
}

/** What lies on the device. */
const dtypes: ReadonlySet<DType> = new Set(['float32', 'int32', 'uint32', 'uint8', 'bool']);

/**
 * A backend on a WebGPU device. Throws `backend` when there is no adapter, or no such option.
 * Reads are asynchronous: `await tensor.data()`.
 */
export async function createWebgpuBackend(options: WebgpuOptions = {}): Promise<WebgpuBackend> {
  const { products = 'float32' } = options;
  if (products !== 'float32' && products !== 'float16') {
    throw new GradloomError(
      'backend',
      `products must be "float32" or "float16"; received ${JSON.stringify(products)}.`,
      { products },
    );
  }
  const gpu = options.gpu ?? (await platformGpu());
  if (!gpu) {
    throw new GradloomError(
      'backend',
      'There is no WebGPU here (navigator.gpu is missing): use a current browser, and a secure page (https or localhost). Or another backend: setBackend("wasm").',
    );
  }
  const adapter = await gpu.requestAdapter({
    powerPreference: options.powerPreference ?? 'high-performance',
  });
  if (!adapter) {
    throw new GradloomError(
      'backend',
      'WebGPU found no adapter: no GPU with a working driver. Use another backend: setBackend("wasm").',
    );
  }
  const requiredLimits = Object.fromEntries(limitNames.map((n) => [n, adapter.limits[n]]));
  const description = describe(adapter);
  const processor = adapter.info?.isFallbackAdapter || software.test(description);
  const sharing = options.shared ?? !processor;
  const offered = sharing ? featuresOf(gpu, adapter, options.features ?? featureNames) : [];
  const half = products === 'float16' && offered.includes('shader-f16');
  const matrix = matrixShapeOf(adapter, offered, half);
  const features = offered.filter((f) => {
    if (f === 'shader-f16') return half;
    return f === 'subgroups' || matrix !== undefined;
  });
  const device = new Device(
    await adapter.requestDevice({
      requiredLimits,
      requiredFeatures: features as readonly string[] as GPUFeatureName[],
    }),
    description,
    options.limits,
  );
  const made = backendOn(device, { products, sharing, features, half, matrix });
  if (!matrix || (await productsAreRight(made, device.gpu))) return made;
  const fewer = features.filter((f) => !/matrix/.test(f));
  return backendOn(device, { products, sharing, features: fewer, half });
}

/** `navigator.gpu` in browsers, the package `webgpu` in Node. */
async function platformGpu(): Promise<GPU | undefined> {
  const { navigator, process } = globalThis as {
    navigator?: { gpu?: GPU };
    process?: { versions?: { node?: string } };
  };
  if (navigator?.gpu) return navigator.gpu;
  if (!process?.versions?.node) return undefined;
  return (await import('./webgpu.node.ts')).nodeGpu();
}

function describe({ info }: GPUAdapter): string {
  return [info?.vendor, info?.architecture, info?.description].filter(Boolean).join(' ') || 'GPU';
}

/** Adapters that are programs. */
const software = /swiftshader|llvmpipe|lavapipe|basic render|software/i;

interface Use {
  readonly products: ProductPrecision;
  readonly sharing: boolean;
  readonly features: readonly Feature[];
  readonly half: boolean;
  readonly matrix?: MatrixShape;
}

function backendOn(
  device: Device,
  { products, sharing, features, half, matrix }: Use,
): WebgpuBackend {
  const { limits } = device;
  const shared: Shared = {
    device,
    data: new Pool(device, dataUsage),
    staging: new Pool(device, readUsage),
    timeline: new Timeline(),
    totals: { buffers: 0, bytes: 0 },
  };
  const align = Math.max(256, device.gpu.limits.minStorageBufferOffsetAlignment);
  const segment = Math.floor(limits.maxBufferSize / align) * align;
  const target = { ...webgpuTarget, arenaAlign: align, arenaSegment: segment };
  const workspace = new Workspace(device, segment);
  const printing = {
    storageBuffers: limits.maxStorageBuffersPerShaderStage,
    workgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    invocations: limits.maxComputeInvocationsPerWorkgroup,
    workgroupBytes: sharing ? limits.maxComputeWorkgroupStorageSize : 0,
    subgroups: features.includes('subgroups'),
    half,
    matrix,
  };
  return {
    name: 'webgpu',
    sync: false,
    dtypes,
    description: device.description,
    products,
    features,
    get submissions() {
      return device.submissions;
    },
    get ended() {
      return device.ended;
    },
    check: () => device.check(),
    async settled() {
      await shared.timeline.settled();
      await device.gpu.queue.onSubmittedWorkDone();
      device.check();
    },
    allocate(byteLength): DeviceBuffer {
      const block = shared.data.take(wholeWords(byteLength), 'A tensor');
      return new WebgpuBuffer(shared, block, byteLength);
    },
    compile(graph, { name = graph.name, donate = [] } = {}): Executable {
      device.check();
      checkTypes(graph, name);
      const program = lowerGraph(graph, { target, name, donate });
      checkSizes(program, device, segment);
      const tasks = tasksOf(program, device, printing);
      const whole = program.arenaBytes + tasks.stagedBytes;
      if (tasks.wholeArena && whole > Math.min(segment, limits.maxStorageBufferBindingSize)) {
        throw new GradloomError(
          'limit',
          `A kernel of "${name}" touches more than the ${printing.storageBuffers} buffers that this device binds at once, and the ${whole} bytes of its temporaries are too many for one binding (${limits.maxStorageBufferBindingSize}). Use smaller batches.`,
          { bytes: whole, maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize },
        );
      }
      const inputBytes = graph.inputs.map((v) => sizeOf(v.shape) * bytesOf(v.dtype));
      return new WebgpuExecutable(program, tasks, shared, workspace, inputBytes, donate);
    },
    memory: () => ({ ...shared.totals }),
    dispose: () => device.dispose(),
  };
}

/** What is computed in float64 is refused when it is compiled, by the name of the operation. */
function checkTypes(graph: Graph, name: string): void {
  for (const v of [...graph.inputs, ...graph.computed.flatMap((n) => n.outputs)]) {
    if (dtypes.has(v.dtype)) continue;
    throw new GradloomError(
      'dtype',
      `"${name}" holds ${v.dtype} (in ${v.node.primitive.name}), which WebGPU cannot compute. Use float32 (x.astype('float32')), or another backend: setBackend("wasm").`,
      { dtype: v.dtype, op: v.node.primitive.name, shape: [...v.shape] },
    );
  }
}

function checkSizes(program: Program, { limits, description }: Device, segment: number): void {
  const most = Math.min(segment, limits.maxStorageBufferBindingSize);
  for (const b of program.buffers) {
    const bytes = b.length * bytesOf(b.dtype);
    if (bytes <= most) continue;
    throw new GradloomError(
      'limit',
      `"${program.name}" needs ${b.dtype}[${b.length}] (${bytes} bytes) in one piece; this WebGPU device (${description}) takes at most ${most}. Use smaller batches or arrays, or another backend: setBackend("wasm").`,
      { bytes, most },
    );
  }
}
