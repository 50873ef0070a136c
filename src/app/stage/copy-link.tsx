// Copies the address, which holds the picture's recipe. Over plain http browsers give the page no clipboard. Then there
// is no button, and people copy from the address bar.
import { useEffect, useState, type ReactNode } from "react";
import { LinkIcon } from "../icons";
import { strings } from "../strings";
import { useApp } from "../use-app";

const DONE_MS = 2_000;

export function CopyLink(): ReactNode {
  const app = useApp();
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), DONE_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  if (!("clipboard" in navigator)) return null;
  const copy = (): void => {
    app.remark(undefined);
    navigator.clipboard.writeText(location.href).then(
      () => setIsCopied(true),
      () => app.remark(strings.notCopied),
    );
  };
  const label = isCopied ? strings.linkCopied : strings.copyLink;
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} data-done={isCopied} onClick={copy}>
      <LinkIcon />
    </button>
  );
}
