// What a model is opened with on our own engine.
import type { WideNetwork } from "../../common/wide-network";
import type { AskedWeights } from "../../common/weight-format";
import type { NumberFormat } from "../../engine/tensor";
import type { SamplerOverrides } from "../../samplers/scheduler-file";
import type { Size } from "../engine";

export interface WgslOptions {
  /** For checkpoints whose scheduler file is not right for the student. */
  readonly sampler?: SamplerOverrides;
  /** Number format of activations. Default: float16 where the device has it. */
  readonly format?: NumberFormat;
  /** Number format of the weights of text encoders and denoiser. Default: `published`, the model's own (`Component.weightFormat`). */
  readonly weights?: AskedWeights | undefined;
  /** What a picture may take of the GPU's memory. Networks that need more take turns. */
  readonly memoryBytes?: number;
  /** Of the picture that it is made ready for. Absent, or where it draws no such size: the size that it was trained at. */
  readonly size?: Size | undefined;
  /** Networks whose numbers are known to pass float16. */
  readonly inFloat32?: readonly WideNetwork[];
  /**
   * Whether pictures are denoised together where there is room for them, however long that takes. Default: as the adapter's kind says
   * (engine/traits.ts), and while nobody waits for it (batches.ts).
   */
  readonly gainsFromBatches?: boolean;
}
