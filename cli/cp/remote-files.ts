import type { SftpFiles } from '../../tunnel/sftp/sftp-files.js';

/** The files of a host, however they are reached. Errors are `SftpError`, and TunnelError when the connection is lost. */
export interface RemoteFiles
  extends AsyncDisposable,
    Pick<
      SftpFiles,
      | 'stat'
      | 'lstat'
      | 'list'
      | 'read'
      | 'write'
      | 'setAttributes'
      | 'makeFolder'
      | 'remove'
      | 'readLink'
      | 'makeLink'
      | 'replace'
    > {}
