// One model: what it is, what it needs, what of it is here, and what can be done with it now.
import { useEffect, useRef, type ReactNode } from "react";
import { licenseName, strings } from "../strings";
import { details } from "../strings-details";
import { useApp, useAppState } from "../use-app";
import { outlook } from "./gpu-survey";
import { ModelActions } from "./model-actions";
import { ModelActivity } from "./model-activity";
import { ModelMark } from "./model-mark";
import styles from "./models.module.css";
import type { ModelRow } from "./state";
import { useGpu } from "./use-gpu";

export function ModelCard({ row }: { readonly row: ModelRow }): ReactNode {
  const { id, title, entry, license, gpuBytes: need } = row;
  const kind = row.isCopied ? "copy" : row.own;
  const app = useApp();
  const isCurrent = useAppState(({ draft }) => draft.model === id);
  const isWanted = useAppState(({ models }) => models.wanted === id);
  const gpu = useGpu();
  const isKept = useAppState(({ models }) => models.room?.isKept !== false);
  const card = useRef<HTMLLIElement>(null);

  useEffect(() => {
    if (isWanted) card.current?.scrollIntoView({ block: "center" });
  }, [isWanted]);

  return (
    <li ref={card} className={styles["card"]} data-model={id} data-current={isCurrent} data-wanted={isWanted} aria-current={isCurrent}>
      <ModelMark id={id} />
      <div className={styles["about"]}>
        <h3>{title}</h3>
        <p>{entry?.summary ?? (kind === undefined ? strings.models.fromHub : strings.models.own.kinds[kind])}</p>
        <p className={styles["facts"]}>
          {[
            row.own !== "closed folder" && strings.models.size(row, isKept),
            need !== undefined && strings.models.need(need, row.size),
            row.turns.length > 0 && strings.takeTurns(row.turns),
            row.smallerGpuBytes !== undefined && details.smallerNeeds(row.smallerGpuBytes),
            need !== undefined && gpu !== undefined && strings.models.outlooks[outlook(need, gpu)],
            entry !== undefined && strings.models.steps(entry.steps.maximum),
            license !== undefined && licenseName(license),
            row.isChecked === false && row.own === undefined && strings.models.unchecked,
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <ModelActivity row={row} />
        <ModelActions row={row} isCurrent={isCurrent} onUse={() => void app.useModel(id)} />
        {row.isComplete || row.activity !== undefined
          ? undefined
          : entry?.presets.slice(1).map((preset) => (
              <p key={preset.id} className={styles["choice"]} title={preset.summary}>
                <button type="button" onClick={() => app.getModel(`${id}+${preset.id}`)}>
                  {strings.models.instead(preset.title)}
                </button>
              </p>
            ))}
      </div>
    </li>
  );
}
