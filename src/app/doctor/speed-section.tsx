// How long each stage of a picture takes with the model that is loaded, once somebody asks.
import type { ReactNode } from "react";
import { TimeByStage } from "../stage/time-by-stage";
import type { KernelTime } from "../../common/drawing";
import { factsOf, isAtRest } from "../state";
import { doctor } from "../strings-doctor";
import { useApp, useAppState } from "../use-app";
import styles from "./doctor.module.css";
import { byKernel } from "./report";
import { Facts, Section } from "./section";

export function SpeedSection(): ReactNode {
  const app = useApp();
  const facts = useAppState(factsOf);
  const isFree = useAppState(isAtRest);
  const state = useAppState(({ doctor: { benchmark } }) => benchmark);
  if (facts === undefined) {
    return (
      <Section title={doctor.speed}>
        <p className={styles["about"]}>{doctor.noModel}</p>
      </Section>
    );
  }
  return (
    <Section title={doctor.speed}>
      <p className={styles["about"]}>{doctor.measureAbout(facts.title)}</p>
      <div className={styles["act"]}>
        <button type="button" aria-disabled={!isFree} onClick={() => void app.benchmark()}>
          {state?.kind === "done" ? doctor.measureAgain : doctor.measure}
        </button>
        <p role="status">
          {state?.kind === "running" && doctor.measuring(state.picture, state.pictures)}
          {state?.kind === "done" && doctor.measured(state.benchmark)}
          {state?.kind === "failed" && `${state.error.message}. ${state.error.remedy}`}
        </p>
      </div>
      {state?.kind === "done" && <TimeByStage timings={state.benchmark.timings} />}
      {state?.kind === "done" && state.benchmark.kernels !== undefined && <TimeByKernel times={state.benchmark.kernels} />}
    </Section>
  );
}

/** By the GPU's own clock. */
function TimeByKernel({ times }: { readonly times: readonly KernelTime[] }): ReactNode {
  return (
    <details className={styles["text"]}>
      <summary>{doctor.kernels}</summary>
      <p className={styles["about"]}>{doctor.kernelsAbout}</p>
      <Facts rows={byKernel(times).map(({ kernel, count, ms }) => [kernel, doctor.kernelTime(ms, count)])} />
    </details>
  );
}
