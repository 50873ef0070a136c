// What running work reports.

export type Progress =
  | { readonly stage: "load"; readonly component: string; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly stage: "compile"; readonly component: string; readonly pipelines: number; readonly totalPipelines: number }
  | { readonly stage: "encode" }
  | { readonly stage: "step"; readonly step: number; readonly steps: number }
  | { readonly stage: "decode" };
