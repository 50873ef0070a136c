// Hands files to the browser's downloads.

export function saveFile(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // By the next task the download holds a reference of its own.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
