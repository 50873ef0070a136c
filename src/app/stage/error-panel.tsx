// Says what went wrong and what to do about it, with a button that does the likeliest thing.
import type { ReactNode } from "react";
import type { OnestrokeError } from "../../common/errors";
import { sentence } from "../sentence";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import styles from "./error-panel.module.css";

export function ErrorPanel({ error }: { readonly error: OnestrokeError }): ReactNode {
  const app = useApp();
  const model = useAppState(({ draft }) => draft.model);
  const hasNoGpu = error.code === "gpu-unavailable";
  const details = Object.entries(error.detail);
  return (
    <div role="alert" className={styles["panel"]} data-code={error.code}>
      <h2>{hasNoGpu ? strings.noGpuTitle : strings.errorTitle}</h2>
      <p>{sentence(error.message)}</p>
      {hasNoGpu ? (
        <ul>
          {strings.noGpuSteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ul>
      ) : (
        <p className={styles["remedy"]}>{error.remedy}</p>
      )}
      <div className={styles["actions"]}>
        {error.detail["notHere"] === true ? (
          <button type="button" onClick={() => app.getModel(model)}>
            {strings.models.getIt}
          </button>
        ) : error.code === "gpu-blocked" ? (
          <button type="button" onClick={() => location.reload()}>
            {strings.reload}
          </button>
        ) : (
          <button type="button" onClick={() => void app.draw()}>
            {strings.retry}
          </button>
        )}
        <button type="button" className={styles["quiet"]} onClick={() => app.dismissError()}>
          {strings.dismiss}
        </button>
        <details>
          <summary>{strings.details}</summary>
          <code>
            {error.code}
            {details.map(([key, value]) => (
              <span key={key}>
                {key}: {String(value)}
              </span>
            ))}
          </code>
        </details>
      </div>
    </div>
  );
}
