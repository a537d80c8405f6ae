/** Where the filesystem of a volume with a size lies: beside the directory that it is mounted at. Names of volumes have no dots. */
export function volumeImage(directory: string): string {
  return `${directory}.img`;
}
