// What computes the networks of a model: our own kernels, or ONNX Runtime on the same GPU or on WASM. The engine is
// not part of a recipe, because it does not change what is asked for; a drawn picture names its engine.

export const ENGINES = ["wgsl", "ort-webgpu", "ort-wasm"] as const;

export type Engine = (typeof ENGINES)[number];
