// What is going on with one model, in words and as a bar.
import type { ReactNode } from "react";
import type { DamagedRange, DownloadProgress } from "../../common/download";
import type { OnestrokeError } from "../../common/errors";
import { sentence } from "../sentence";
import { strings } from "../strings";
import styles from "./models.module.css";
import type { ModelRow } from "./state";

export function ModelActivity({ row }: { readonly row: ModelRow }): ReactNode {
  const { activity, title, license, hereBytes } = row;
  switch (activity?.kind) {
    case "inspecting":
      return <p className={styles["activity"]}>{strings.models.inspecting}</p>;
    case "offered":
      return <p className={styles["activity"]}>{strings.models.offer(license)}</p>;
    case "downloading":
      return <Bar title={title} progress={activity.progress} words={downloading(activity.progress, activity.bytesPerSecond)} />;
    case "verifying":
      return <Bar title={title} progress={activity.progress} words={strings.models.verifying} />;
    case "verified":
      return <Verified damaged={activity.damaged} isChecked={row.isChecked !== false} />;
    case "asking to remove":
    case "removing":
      return <p className={styles["activity"]}>{strings.models.askToRemove(hereBytes)}</p>;
    case "failed":
      return (
        <div role="alert" className={styles["failure"]}>
          <p>{sentence(activity.error.message)}</p>
          <p>{activity.error.remedy}</p>
          {pageOf(activity.error) !== undefined && (
            <p>
              <a href={pageOf(activity.error)} target="_blank" rel="noreferrer">
                {strings.models.openPage}
              </a>
            </p>
          )}
        </div>
      );
    case undefined:
      return undefined;
  }
}

/** What is shown of the damage; a disk that lost a whole file has one range for it. */
const SHOWN_RANGES = 5;

function Verified({ damaged, isChecked }: { readonly damaged: readonly DamagedRange[]; readonly isChecked: boolean }): ReactNode {
  if (damaged.length === 0) return <p className={styles["activity"]}>{strings.models.whole(isChecked)}</p>;
  const more = damaged.length - SHOWN_RANGES;
  return (
    <div role="alert" className={styles["failure"]}>
      <p>{strings.models.repairs.damaged(damaged.reduce((sum, { begin, end }) => sum + end - begin, 0))}</p>
      <ul>
        {damaged.slice(0, SHOWN_RANGES).map((range) => (
          <li key={`${range.file} ${range.begin}`}>{strings.models.repairs.range(range)}</li>
        ))}
      </ul>
      {more > 0 && <p>{strings.models.repairs.more(more)}</p>}
    </div>
  );
}

/** Where a licence is accepted. It comes from an answer of the hub, so it is checked before it becomes a link. */
function pageOf({ detail }: OnestrokeError): string | undefined {
  const { page } = detail;
  return typeof page === "string" && page.startsWith("https://") ? page : undefined;
}

function downloading(progress: DownloadProgress | undefined, bytesPerSecond: number | undefined): string {
  if (progress === undefined) return strings.models.inspecting;
  if (progress.waiting !== undefined) return strings.models.waiting[progress.waiting];
  return strings.models.progress(progress.hereBytes, progress.totalBytes, bytesPerSecond);
}

interface BarProps {
  readonly title: string;
  readonly progress: DownloadProgress | undefined;
  readonly words: string;
}

function Bar({ title, progress, words }: BarProps): ReactNode {
  const isKnown = progress !== undefined && progress.waiting !== "another tab";
  const share = isKnown ? { value: progress.hereBytes, max: progress.totalBytes } : {};
  return (
    <div className={styles["activity"]}>
      <progress aria-label={title} {...share} />
      <p>{words}</p>
    </div>
  );
}
