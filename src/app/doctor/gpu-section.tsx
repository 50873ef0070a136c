// What computes here: the GPU, what it can do, and the browser around it.
import type { ReactNode } from "react";
import { refusesFloat16 } from "../state";
import { doctor } from "../strings-doctor";
import { useAppState } from "../use-app";
import { Facts, Section } from "./section";

export function GpuSection(): ReactNode {
  const report = useAppState((state) => state.doctor.report);
  // What the adapter offers, the worker may not have been given.
  const isRefused = useAppState(refusesFloat16);
  if (report === undefined) return <p role="status">{doctor.looking}</p>;
  const { gpu, browser } = report;
  const ofBrowser = [doctor.browser, doctor.browserOf(browser)] as const;
  return (
    <Section title={doctor.gpu}>
      {gpu === undefined ? (
        <>
          <p>{doctor.noGpu}</p>
          <Facts rows={[ofBrowser]} />
        </>
      ) : (
        <Facts
          rows={[
            [doctor.gpuName, gpu.isSoftware ? doctor.standIn(gpu.name ?? "") : (gpu.name ?? "")],
            [doctor.numbers, doctor.float16(gpu.features.includes("shader-f16"), isRefused)],
            ...doctor.limits(gpu.limits),
            ofBrowser,
          ]}
        />
      )}
    </Section>
  );
}
