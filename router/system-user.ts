/** Leaves root for good. */

/** initgroups is missing in the type package. */
interface WithGroups {
  initgroups(user: string, extraGroup: number): void;
}

/** Real, effective and saved ids, and the groups. */
export function becomeUser(name: string, user: { readonly uid: number; readonly gid: number }): void {
  (process as unknown as WithGroups).initgroups(name, user.gid);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
}
