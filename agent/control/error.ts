import type { ControlErrorCode } from './protocol.js';

/** What an agent answered instead of doing what it was asked; `unreachable`: nobody answered, or not an agent. */
export class ControlError extends Error {
  readonly code: ControlErrorCode | 'unreachable';

  constructor(code: ControlErrorCode | 'unreachable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ControlError';
    this.code = code;
  }
}
