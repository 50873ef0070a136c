// The buttons of one model: only those that make sense at this moment.
import type { ReactNode } from "react";
import { planBytes } from "../../common/download";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import { goToToken } from "./add-model";
import styles from "./models.module.css";
import type { ModelRow } from "./state";

interface Props {
  readonly row: ModelRow;
  readonly isCurrent: boolean;
  readonly onUse: () => void;
}

interface Action {
  readonly name: string;
  readonly act: () => void;
  readonly isMain?: boolean;
}

export function ModelActions({ row, isCurrent, onUse }: Props): ReactNode {
  const app = useApp();
  const isKept = useAppState(({ models }) => models.room?.isKept === true);
  const actions = actionsOf(row, app, isCurrent ? undefined : onUse, isKept);
  return (
    <div className={styles["actions"]}>
      {isCurrent && <span className={styles["current"]}>{strings.models.isCurrent}</span>}
      {actions.map(({ name, act, isMain }) => (
        <button key={name} type="button" data-main={isMain ?? false} aria-label={strings.models.named(name, row.title)} onClick={act}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** @param isKept whether this browser keeps anything */
function actionsOf(row: ModelRow, app: ReturnType<typeof useApp>, onUse: (() => void) | undefined, isKept: boolean): readonly Action[] {
  const { id, activity, isComplete, isEmbedded, hereBytes, own } = row;
  const { models } = strings;
  const dismiss = (name: string): Action => ({ name, act: () => app.dismiss(id) });
  const useIt: readonly Action[] = onUse === undefined ? [] : [{ name: models.use, act: onUse, isMain: true }];
  switch (activity?.kind) {
    case "downloading":
      // It loads while it arrives. Where nothing is kept, the worker that draws sees it only once it is whole.
      return [...(isKept && activity.progress !== undefined ? useIt : []), { name: models.pause, act: () => app.pause(id) }];
    case "inspecting":
    case "verifying":
      return [{ name: models.pause, act: () => app.pause(id) }];
    case "removing":
      return [];
    case "offered":
      return [
        { name: models.download(planBytes(activity.offer.plan) - hereBytes), act: () => void app.download(id), isMain: true },
        dismiss(models.dismiss),
      ];
    case "asking to remove":
      return [{ name: models.remove, act: () => void app.remove(id), isMain: true }, dismiss(models.keep)];
    case "failed":
      if (own !== undefined) return [dismiss(models.dismiss)];
      return [
        { name: strings.retry, act: () => void app.download(id), isMain: true },
        ...(activity.error.code === "download-gated" ? [{ name: models.goToToken, act: goToToken }] : []),
        dismiss(models.dismiss),
      ];
    case "verified":
      if (activity.damaged.length === 0) break;
      return [{ name: models.repairs.repair, act: () => void app.download(id), isMain: true }, dismiss(models.dismiss)];
    case undefined:
      break;
  }
  const use = isComplete || isEmbedded ? useIt : [];
  if (own !== undefined) {
    const forget: Action = { name: models.own.forget, act: () => void app.remove(id) };
    if (own === "closed folder") return [{ name: models.own.reopen, act: () => void app.reopen(id), isMain: true }, forget];
    const copy: Action = { name: models.own.copy, act: () => void app.copy(id) };
    return [...use, ...(own === "folder" && isKept ? [copy] : []), ...(onUse === undefined ? [] : [forget])];
  }
  if (isComplete) {
    const verify: Action = { name: models.verify, act: () => void app.verify(id) };
    // What draws now is in use: another model has to be chosen first.
    return onUse === undefined ? [verify] : [...use, verify, { name: models.remove, act: () => app.askToRemove(id) }];
  }
  if (isEmbedded) return use;
  if (hereBytes === 0) return [{ name: models.get, act: () => void app.inspect(id) }];
  return [
    { name: models.resume, act: () => void app.download(id), isMain: true },
    { name: models.remove, act: () => app.askToRemove(id) },
  ];
}
