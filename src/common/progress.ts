// What running work reports.

export type Progress =
  | { readonly stage: "load"; readonly component: string; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly stage: "compile"; readonly component: string; readonly pipelines: number; readonly totalPipelines: number }
  | { readonly stage: "encode" }
  /** `pictures` that are denoised together. */
  | { readonly stage: "step"; readonly step: number; readonly steps: number; readonly pictures: number }
  | { readonly stage: "decode" };
