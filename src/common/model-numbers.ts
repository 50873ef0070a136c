// In which numbers one model is kept and computed on this device, and by which kernels. It is no part of a recipe, because it does not
// change what is asked for; a drawn picture says it. Only our own engine has the choice: graphs bring their numbers.
import type { WeightChoice } from "./weight-format";
import type { WideNetwork } from "./wide-network";

export interface ModelNumbers {
  /** Absent: the model's own where memory suffices for that, else the larger format that fits. */
  readonly weights?: WeightChoice | undefined;
  /** Networks that broke a picture in float16 before. Where the list is empty, whatever broke before, float16 is tried again. */
  readonly inFloat32?: readonly WideNetwork[] | undefined;
  /** How matrix products are computed: by a table for all GPUs. Absent: as was measured on this one, once it was. Of all models alike. */
  readonly products?: "table" | undefined;
}
