// The page's few line drawings. They only decorate: whatever they stand in has a name of its own.
import type { ReactNode } from "react";

function Icon({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <svg
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const DiceIcon = (): ReactNode => (
  <Icon>
    <rect x="4" y="4" width="16" height="16" rx="4" />
    <path d="M9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01" strokeWidth="2.5" />
  </Icon>
);

export const LockIcon = ({ closed }: { readonly closed: boolean }): ReactNode => (
  <Icon>
    <rect x="5" y="11" width="14" height="9" rx="2.5" />
    <path d={closed ? "M8 11V8a4 4 0 0 1 8 0v3" : "M8 11V7a4 4 0 0 1 7.600-1.700"} />
  </Icon>
);

export const SaveIcon = (): ReactNode => (
  <Icon>
    <path d="M12 4v11m0 0 4.500-4.500M12 15l-4.500-4.500M5 19.500h14" />
  </Icon>
);

export const HeartIcon = ({ filled }: { readonly filled: boolean }): ReactNode => (
  <Icon>
    <path
      d="M12 19.500s-7.500-4.300-7.500-9.700A4.300 4.300 0 0 1 12 7.200a4.300 4.300 0 0 1 7.500 2.600c0 5.400-7.500 9.700-7.500 9.700Z"
      fill={filled ? "currentColor" : "none"}
    />
  </Icon>
);

export const ShareIcon = (): ReactNode => (
  <Icon>
    <path d="M12 14.500V4m0 0L8 8m4-4 4 4M7 11H5.500v8.500h13V11H17" />
  </Icon>
);

export const GalleryIcon = (): ReactNode => (
  <Icon>
    <rect x="4" y="4" width="7" height="7" rx="1.800" />
    <rect x="13" y="4" width="7" height="7" rx="1.800" />
    <rect x="4" y="13" width="7" height="7" rx="1.800" />
    <rect x="13" y="13" width="7" height="7" rx="1.800" />
  </Icon>
);

export const UndoIcon = (): ReactNode => (
  <Icon>
    <path d="M8 5 4.500 8.500 8 12M5 8.500h9a5.250 5.250 0 0 1 0 10.500H9" />
  </Icon>
);

export const RedoIcon = (): ReactNode => (
  <Icon>
    <path d="m16 5 3.500 3.500L16 12m3-3.500h-9a5.250 5.250 0 0 0 0 10.500h5" />
  </Icon>
);

export const TrashIcon = (): ReactNode => (
  <Icon>
    <path d="M5 7.500h14M9.500 7V5h5v2M7 7.500l.8 11.500h8.400L17 7.500M10.500 11v4.500M13.500 11v4.500" />
  </Icon>
);

export const CompareIcon = (): ReactNode => (
  <Icon>
    <path d="M12 3v18M9 6H6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h3" />
    <path d="M15 6h3a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-3" strokeDasharray="2.500 3" />
  </Icon>
);

export const TurnIcon = (): ReactNode => (
  <Icon>
    <path d="M4 9h13m0 0-3.500-3.500M17 9l-3.500 3.500M20 15H7m0 0 3.500-3.500M7 15l3.500 3.500" />
  </Icon>
);

export const CloseIcon = (): ReactNode => (
  <Icon>
    <path d="M6.500 6.500l11 11M17.500 6.500l-11 11" />
  </Icon>
);

export const SunIcon = (): ReactNode => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v1.500M12 19.500V21M3 12h1.500M19.500 12H21M5.600 5.600l1.100 1.100M17.300 17.300l1.100 1.100M5.600 18.400l1.100-1.100M17.300 6.700l1.100-1.100" />
  </Icon>
);

export const MoonIcon = (): ReactNode => (
  <Icon>
    <path d="M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10Z" />
  </Icon>
);

export const BrandMark = (): ReactNode => (
  <svg viewBox="0 0 32 32" width="28" height="28" fill="none" aria-hidden="true">
    <path
      d="M4 22.500c6-1 8-14 13.500-14 4.500 0 .5 11 5 11 2.200 0 3.800-2.200 5.500-5"
      stroke="currentColor"
      strokeWidth="4.500"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
);
