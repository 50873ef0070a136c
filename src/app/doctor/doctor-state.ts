// What the page knows of its own examination.
import type { OnestrokeError } from "../../common/errors";
import type { Benchmark, DeviceReport } from "./report";

export type BenchmarkState =
  | { readonly kind: "running"; readonly picture: number; readonly pictures: number }
  | { readonly kind: "done"; readonly benchmark: Benchmark }
  | { readonly kind: "failed"; readonly error: OnestrokeError };

export interface DoctorState {
  readonly isOpen: boolean;
  /** Undefined until the device has answered. */
  readonly report: DeviceReport | undefined;
  readonly benchmark: BenchmarkState | undefined;
  /** What came of copying. */
  readonly copied: "copied" | "refused" | undefined;
}

export const CLOSED_DOCTOR: DoctorState = { isOpen: false, report: undefined, benchmark: undefined, copied: undefined };
