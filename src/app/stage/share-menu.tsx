// All ways to take the picture out of the page, in one place.
import { useId, useRef, type ReactNode } from "react";
import { ShareIcon } from "../icons";
import { sharingAbilities } from "../sharing";
import { keeping } from "../strings-keeping";
import { useApp, useAppState } from "../use-app";
import styles from "./share-menu.module.css";

export function ShareMenu(): ReactNode {
  const app = useApp();
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const withoutPrompt = useAppState(({ preferences }) => preferences.withoutPrompt);
  const { canCopyLink, canCopyPicture, canShare } = sharingAbilities();
  const choice = (label: string, act: () => Promise<void>, about?: string): ReactNode => (
    <button
      type="button"
      onClick={() => {
        // It gives the focus back to the button that opened it.
        menu.current?.hidePopover();
        void act();
      }}
    >
      {label}
      {about !== undefined && <small>{about}</small>}
    </button>
  );
  return (
    <>
      <button type="button" className="icon-button" aria-label={keeping.share} title={keeping.share} popoverTarget={id}>
        <ShareIcon />
      </button>
      <div ref={menu} id={id} popover="auto" role="group" aria-label={keeping.share} className={styles["menu"]}>
        {choice(keeping.savePng, () => app.save("png"), withoutPrompt ? undefined : keeping.savePngAbout)}
        {choice(keeping.saveWebp, () => app.save("webp"), keeping.saveWebpAbout)}
        {canCopyPicture && choice(keeping.copyPicture, () => app.copyPicture())}
        {canCopyLink && choice(keeping.copyLink, () => app.copyLink(), withoutPrompt ? keeping.copyLinkAbout : undefined)}
        {canShare && choice(keeping.system, () => app.share())}
        <label>
          <input type="checkbox" checked={withoutPrompt} onChange={({ target }) => app.prefer({ withoutPrompt: target.checked })} />
          {keeping.withoutPrompt}
        </label>
      </div>
    </>
  );
}
