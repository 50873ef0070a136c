// A place whose text is said aloud when it changes. It is there while it is empty, because screen readers often pass over a region that
// comes together with its text.
import type { ReactNode } from "react";

export function LiveRegion({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div role="status" className="live-region">
      {children}
    </div>
  );
}
