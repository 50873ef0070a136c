// What the page says of the GPU: what its adapter offers, without what no device was given with, which is known once a model is loaded.
import { refusesFloat16 } from "../state";
import { useAppState } from "../use-app";
import { givenGpu, type GpuSurvey } from "./gpu-survey";

export function useGpu(): GpuSurvey | undefined {
  const gpu = useAppState(({ models }) => models.gpu);
  return givenGpu(gpu, useAppState(refusesFloat16));
}
