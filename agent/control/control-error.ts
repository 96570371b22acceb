import type { ControlErrorCode } from './control-protocol.js';

/** The agent's refusal of a request; `unreachable`: nothing answered, or not an agent. */
export class ControlError extends Error {
  readonly code: ControlErrorCode | 'unreachable';

  constructor(code: ControlErrorCode | 'unreachable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ControlError';
    this.code = code;
  }
}
