// The sheet that lists what keys do.
import type { ReactNode } from "react";
import { Panel } from "../panel";
import { keeping } from "../strings-keeping";
import { queued } from "../strings-queue";
import { useApp, useAppState } from "../use-app";
import { KEYS, KEYS_ELSEWHERE, KEYS_IN_GALLERY, KEYS_IN_QUEUE, type Key } from "./keys";
import styles from "./keys-sheet.module.css";

const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);

export function KeysSheet(): ReactNode {
  const app = useApp();
  const isOpen = useAppState((state) => state.isShowingKeys);
  const singleKeys = useAppState(({ preferences }) => preferences.singleKeys);
  return (
    <Panel isOpen={isOpen} title={keeping.keys} closeLabel={keeping.closeKeys} place="middle" onClose={() => app.showKeys(false)}>
      <List rows={[...KEYS_ELSEWHERE, ...KEYS.map((key) => ({ keys: capsOf(key), says: key.says }))]} />
      <h3 className={styles["title"]}>{queued.inQueue}</h3>
      <List rows={KEYS_IN_QUEUE} />
      <h3 className={styles["title"]}>{keeping.inGallery}</h3>
      <List rows={KEYS_IN_GALLERY} />
      <label className={styles["choice"]}>
        <input type="checkbox" checked={singleKeys} onChange={({ target }) => app.prefer({ singleKeys: target.checked })} />
        <span>
          {keeping.singleKeys}
          <small>{keeping.singleKeysAbout}</small>
        </span>
      </label>
    </Panel>
  );
}

/** As they are printed on keys. */
function capsOf({ key, ctrl, shift }: Key): readonly string[] {
  const cap = key.length === 1 ? key.toUpperCase() : key;
  return [...(ctrl === true ? [isMac ? "⌘" : "Ctrl"] : []), ...(shift === true ? ["Shift"] : []), cap];
}

function List({ rows }: { readonly rows: typeof KEYS_ELSEWHERE }): ReactNode {
  return (
    <dl className={styles["list"]}>
      {rows.map(({ keys, says }) => (
        <div key={says}>
          <dt>
            {keys.map((cap) => (
              <kbd key={cap}>{cap}</kbd>
            ))}
          </dt>
          <dd>{says}</dd>
        </div>
      ))}
    </dl>
  );
}
