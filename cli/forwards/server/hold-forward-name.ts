/** What the process of a forward is started with; the name of the fleet follows, for people who list processes. */
export const HOLD_FORWARD = 'hold-forward';
