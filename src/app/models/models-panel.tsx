// The models panel: what is on this device, what the catalogue offers, and a way to add what it does not.
import type { ReactNode } from "react";
import { Panel } from "../panel";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import { AddModel } from "./add-model";
import { DeviceLines } from "./device-lines";
import { ModelCard } from "./model-card";
import styles from "./models.module.css";
import { useModelRows } from "./use-model-rows";

export function ModelsPanel(): ReactNode {
  const app = useApp();
  const isOpen = useAppState(({ models }) => models.isOpen);
  const rows = useModelRows();
  return (
    <Panel
      isOpen={isOpen}
      title={strings.models.title}
      closeLabel={strings.models.close}
      place="narrow side"
      onClose={() => app.closeModels()}
    >
      <DeviceLines />
      <ul className={styles["rows"]}>
        {rows.map((row) => (
          <ModelCard key={row.id} row={row} />
        ))}
      </ul>
      <AddModel />
    </Panel>
  );
}
