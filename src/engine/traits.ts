// What kernels do differently from one kind of adapter to another, each decision under its own
// name. A kernel asks for the decision, never for the adapter; the table below is the only place
// that knows both. Limits and number formats are not decisions: they are in `KernelTarget`.
import { GPU_TILES, LARGE_DIRECT_TILES, SMALL_DIRECT_TILES, SMALL_GPU_TILES, type TileRule } from "./kernels/gemm/tile";

export interface KernelTraits {
  /** Activations are named by a size, so that one pipeline serves all of them. */
  readonly choosesActivationsAtRunTime: boolean;
  /**
   * Products and attention copy what a workgroup reads to workgroup memory, with barriers between.
   * Otherwise each invocation reads for itself and holds more results in registers.
   */
  readonly sharesThroughWorkgroupMemory: boolean;
  /** Tiles of matrix products and the shapes they are for. */
  readonly gemmTiles: readonly TileRule[];
  /** How the heaviest products are computed may be measured (tune.ts): a run is short, and there are tiles to choose from. */
  readonly tunesProducts: boolean;
  /** What is copied to workgroup memory stays float16 where activations are. */
  readonly tilesInFloat16: boolean;
  /** With such tiles, products are multiplied in float16, in short blocks that are added up in float32. */
  readonly multipliesInFloat16: boolean;
  /**
   * A thread has no more than 128 registers, each as wide as a subgroup: attention holds one query, and kernels that hold many results
   * ask for the smallest subgroups there are.
   */
  readonly hasFewRegisters: boolean;
  /** Workgroups that keep the adapter busy: a matrix product that has fewer splits its reduction, where tiles are shared. */
  readonly busyWorkgroups: number;
  /** Several invocations normalise a row together, and meet at barriers; otherwise a row is one invocation's work. */
  readonly normalisesRowsInTeams: boolean;
  /** A product applies the layer norm of what it reads, where the product before it can leave the moments of its rows. */
  readonly normalisesInProducts: boolean;
  /** A convolution computes the shortcut that is added to it, a product of other rows, in the same sums. */
  readonly addsShortcutsInConvolutions: boolean;
  /** Cross-attention computes its queries itself, each workgroup those of its tokens and its head. */
  readonly projectsQueriesInAttention: boolean;
  /**
   * A workgroup that has the statistics of a group also normalises it, in the same dispatch. Otherwise another dispatch
   * does, four channels at a time whatever the groups are, and all shapes share its pipeline.
   */
  readonly normalisesGroupsAtOnce: boolean;
  /** Invocations that take the statistics of one group. */
  readonly groupInvocations: number;
  /** Elements up to which one workgroup takes the statistics of a group alone, without chunks. */
  readonly groupElementsAlone: number;
  /** Invocations that combine the two branches of a token under NAG. */
  readonly combineInvocations: number;
  /**
   * Several pictures in one run take so much less than one after another that the first may come later for it: one leaves cores idle, and
   * weights are read once for all.
   */
  readonly gainsFromBatches: boolean;
  /** Of the sizes that a model was trained on, the largest is drawn where nobody says. */
  readonly drawsLarge: boolean;
}

export type AdapterClass =
  | "hardware"
  | "hardwareWithFloat16Tiles"
  | "hardwareWithFastFloat16"
  | "hardwareWithFewRegisters"
  | "softwareWithFloat16"
  | "software";

/** Software adapters compile slowly, pay much for a barrier and little for reading again, and have few cores: one picture fills them. */
const SOFTWARE = {
  choosesActivationsAtRunTime: true,
  tunesProducts: false,
  sharesThroughWorkgroupMemory: false,
  tilesInFloat16: false,
  multipliesInFloat16: false,
  hasFewRegisters: false,
  busyWorkgroups: 1,
  normalisesRowsInTeams: false,
  normalisesInProducts: false,
  addsShortcutsInConvolutions: false,
  projectsQueriesInAttention: false,
  normalisesGroupsAtOnce: false,
  groupInvocations: 64,
  groupElementsAlone: 1_048_576,
  combineInvocations: 8,
  gainsFromBatches: false,
  drawsLarge: false,
} as const;

const HARDWARE = {
  choosesActivationsAtRunTime: false,
  sharesThroughWorkgroupMemory: true,
  gemmTiles: GPU_TILES,
  tunesProducts: true,
  tilesInFloat16: false,
  multipliesInFloat16: false,
  hasFewRegisters: false,
  // A discrete GPU of some sixty cores, four workgroups each.
  busyWorkgroups: 256,
  normalisesRowsInTeams: true,
  normalisesInProducts: true,
  addsShortcutsInConvolutions: true,
  projectsQueriesInAttention: true,
  normalisesGroupsAtOnce: true,
  groupInvocations: 256,
  // 128 x 128 pixels of ten channels, or 64 x 64 of thirty.
  groupElementsAlone: 163_840,
  combineInvocations: 64,
  gainsFromBatches: true,
  drawsLarge: true,
} as const;

const FAST_FLOAT16 = { ...HARDWARE, tilesInFloat16: true, multipliesInFloat16: true } as const;

export const TRAITS = {
  hardware: HARDWARE,
  hardwareWithFloat16Tiles: { ...HARDWARE, tilesInFloat16: true },
  hardwareWithFastFloat16: FAST_FLOAT16,
  // Queries that attention computes besides would not find room either.
  hardwareWithFewRegisters: { ...FAST_FLOAT16, hasFewRegisters: true, gemmTiles: SMALL_GPU_TILES, projectsQueriesInAttention: false },
  softwareWithFloat16: { ...SOFTWARE, gemmTiles: SMALL_DIRECT_TILES },
  software: { ...SOFTWARE, gemmTiles: LARGE_DIRECT_TILES },
} as const satisfies Readonly<Record<AdapterClass, KernelTraits>>;

/** By vendor, for GPUs that have float16. Apple's read operands of 16 bits as they are, and gain nothing from multiplying in them. */
const CLASSES: ReadonlyMap<string, AdapterClass> = new Map([
  ["amd", "hardwareWithFastFloat16"],
  ["intel", "hardwareWithFewRegisters"],
  ["apple", "hardwareWithFloat16Tiles"],
]);

/** NVIDIA's architectures that multiply two float16 in the time of one float32. The others' times are equal, or float16's are far longer. */
const FAST_ARCHITECTURES = ["volta", "turing", "hopper"];

export interface ClassifiedAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly software: boolean;
  readonly float16: boolean;
}

export function adapterClass({ vendor, architecture, software, float16 }: ClassifiedAdapter): AdapterClass {
  if (software) return float16 ? "softwareWithFloat16" : "software";
  if (!float16) return "hardware";
  if (vendor === "nvidia" && FAST_ARCHITECTURES.includes(architecture)) return "hardwareWithFastFloat16";
  return CLASSES.get(vendor) ?? "hardware";
}
