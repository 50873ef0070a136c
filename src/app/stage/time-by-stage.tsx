// Shows where the time of one picture went, as a bar in proportion and as a list. Loading and
// compiling stand apart, because their time is spent once.
import type { ReactNode } from "react";
import type { Timings } from "../../common/drawing";
import { formatDuration, strings } from "../strings";
import styles from "./time-by-stage.module.css";

interface Stage {
  readonly name: string;
  readonly ms: number;
  readonly kind: "once" | "encode" | "step" | "decode";
}

function stagesOf({ load, compile, encode, denoise, decode }: Timings): readonly Stage[] {
  const stages: Stage[] = [
    { name: strings.stageNames.encode, ms: encode, kind: "encode" },
    ...denoise.map((ms, index): Stage => ({ name: strings.stepName(index + 1), ms, kind: "step" })),
    { name: strings.stageNames.decode, ms: decode, kind: "decode" },
    { name: strings.stageNames.load, ms: load, kind: "once" },
    { name: strings.stageNames.compile, ms: compile, kind: "once" },
  ];
  return stages.filter(({ kind, ms }) => kind !== "once" || ms >= 1);
}

export function TimeByStage({ timings }: { readonly timings: Timings }): ReactNode {
  const stages = stagesOf(timings);
  return (
    <div className={styles["timings"]}>
      <div className={styles["bar"]} aria-hidden="true">
        {stages
          .filter(({ kind }) => kind !== "once")
          .map(({ name, ms, kind }) => (
            <span key={name} data-kind={kind} style={{ flexGrow: ms }} />
          ))}
      </div>
      <dl className={styles["list"]} aria-label={strings.timings}>
        {stages.map(({ name, ms, kind }) => (
          <div key={name} data-kind={kind}>
            <dt>{name}</dt>
            <dd>{formatDuration(ms)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
