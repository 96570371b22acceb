/** Why a program of a release could not be started, and what to do about it; without a full stop. */
export function explainNotRun(error: NodeJS.ErrnoException, program: string): string {
  const isInRelease = program.includes('/');
  switch (error.code) {
    case 'ENOENT':
      return isInRelease
        ? `there is no file ${program}, or not the interpreter that its first line names`
        : `this host has no program ${program} in its PATH: install it there, or deploy it with the app`;
    case 'EACCES':
      return `${program} may not be executed: make it executable (chmod +x) and deploy again`;
    case 'ENOEXEC':
      return `${program} is no program for this host, or a script whose first line does not begin with #!`;
    default:
      return error.message;
  }
}
