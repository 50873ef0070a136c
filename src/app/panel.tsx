// A panel over the page, with a title and a button that closes it. The browser keeps the focus inside and gives it back afterwards.
import { useEffect, useId, useRef, type ReactNode } from "react";
import { CloseIcon } from "./icons";
import styles from "./panel.module.css";

interface Props {
  readonly isOpen: boolean;
  readonly title: string;
  readonly closeLabel: string;
  readonly onClose: () => void;
  /** At the side it is as high as the page, in the middle as high as it needs. */
  readonly place: "side" | "narrow side" | "middle";
  readonly children: ReactNode;
}

export function Panel({ isOpen, title, closeLabel, onClose, place, children }: Props): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (isOpen && dialog.current?.open === false) dialog.current.showModal();
    if (!isOpen) dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      className={styles["panel"]}
      data-place={place}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => {
        // The dialog itself is hit only beside its contents.
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {isOpen && (
        <div className={styles["contents"]}>
          <header className={styles["head"]}>
            <h2 id={id}>{title}</h2>
            <button type="button" className="icon-button" aria-label={closeLabel} title={closeLabel} onClick={onClose}>
              <CloseIcon />
            </button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}
