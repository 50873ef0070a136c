// What was asked of the model before and is not drawn, because somebody chose another one. They can have it all the same. It is said
// aloud with the other model's name (store.ts).
import type { ReactNode } from "react";
import page from "../page.module.css";
import { queued } from "../strings-queue";
import { useApp, useAppState } from "../use-app";

export function TakenOut(): ReactNode {
  const app = useApp();
  const count = useAppState(({ takenOut }) => takenOut.length);
  if (count === 0) return null;
  return (
    <p className={page["notice"]}>
      {queued.askedOfOther(count)}{" "}
      <button type="button" className={page["link"]} onClick={() => app.bringBackTakenOut()}>
        {queued.drawForGallery}
      </button>
      {" · "}
      <button type="button" className={page["link"]} onClick={() => app.forgetTakenOut()}>
        {queued.forget}
      </button>
    </p>
  );
}
