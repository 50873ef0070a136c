// How long each stage of a picture takes with the model that is loaded, once somebody asks.
import type { ReactNode } from "react";
import { TimeByStage } from "../stage/time-by-stage";
import { factsOf, isAtRest } from "../state";
import { doctor } from "../strings-doctor";
import { useApp, useAppState } from "../use-app";
import styles from "./doctor.module.css";
import { Section } from "./section";

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
    </Section>
  );
}
