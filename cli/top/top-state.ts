/** In which order hosts are listed. `state`: those with something wrong first; `disk`: the fullest first. */
export const SORTS = ['name', 'state', 'disk'] as const;

export type Sort = (typeof SORTS)[number];

/** What a person has chosen to see. */
export interface TopState {
  readonly sort: Sort;
  /** Only hosts with this in their line, or in their labels, are listed; empty for all. */
  readonly filter: string;
  /** Whether what is typed goes to the filter. */
  readonly isFiltering: boolean;
  /** The host that the cursor is on; undefined for the first. */
  readonly selected: string | undefined;
  /** Whether that host has the screen to itself. */
  readonly isOpen: boolean;
  /** How many lines of its details are above the screen. */
  readonly scrolled: number;
  readonly isLeaving: boolean;
}

export const FIRST_STATE: TopState = {
  ...{ sort: 'name', filter: '', isFiltering: false, selected: undefined },
  ...{ isOpen: false, scrolled: 0, isLeaving: false },
};

/** What is on the screen, which a key moves in. */
export interface Seen {
  /** The hosts that are listed, in order. */
  readonly names: readonly string[];
  /** How many lines fit. */
  readonly room: number;
  /** How far the details can be scrolled. */
  readonly mostScrolled: number;
}

const ESCAPE = '\u001b';
const MOST_FILTER = 60;

/** By how many hosts a key moves, of pages and of all. */
const MOVES: Readonly<Record<string, (room: number) => number>> = {
  ...both('A', 'k', () => -1),
  ...both('B', 'j', () => 1),
  ...both('5~', '\u0002', (room) => -room),
  ...both('6~', '\u0006', (room) => room),
  ...both('H', 'g', () => Number.NEGATIVE_INFINITY),
  ...both('F', 'G', () => Number.POSITIVE_INFINITY),
  ...both('1~', '\u001b[7~', () => Number.NEGATIVE_INFINITY),
  ...both('4~', '\u001b[8~', () => Number.POSITIVE_INFINITY),
};

/** A key in both ways that terminals send it, and another for the same. */
function both(sequence: string, other: string, by: (room: number) => number) {
  return { [`${ESCAPE}[${sequence}`]: by, [`${ESCAPE}O${sequence}`]: by, [other]: by };
}

/** What a key makes of what is shown. */
export function reduceKey(state: TopState, key: string, seen: Seen): TopState {
  if (state.isFiltering) return editFilter(state, key, seen);
  const move = MOVES[key];
  if (move !== undefined) return moved(state, move(Math.max(seen.room, 1)), seen);
  switch (key) {
    case 'q':
      return { ...state, isLeaving: true };
    case ESCAPE:
      return stepBack(state);
    case 's':
      return { ...state, sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] ?? 'name' };
    case '/':
      return state.isOpen ? state : { ...state, isFiltering: true };
    case '\r':
    case '\n':
      return toggled(state, seen);
    default:
      return state;
  }
}

/** Where the cursor is in the list. */
export function cursorIn(names: readonly string[], { selected }: Pick<TopState, 'selected'>): number {
  return Math.max(selected === undefined ? 0 : names.indexOf(selected), 0);
}

function moved(state: TopState, by: number, { names, mostScrolled }: Seen): TopState {
  if (state.isOpen) return { ...state, scrolled: within(state.scrolled + by, mostScrolled) };
  const at = within(cursorIn(names, state) + by, names.length - 1);
  return { ...state, selected: names[at] ?? state.selected };
}

function within(value: number, most: number): number {
  return Math.max(Math.min(value, most), 0);
}

/** From the details to the list, from some hosts to all, from there out. */
function stepBack(state: TopState): TopState {
  if (state.isOpen) return { ...state, isOpen: false };
  if (state.filter !== '') return { ...state, filter: '' };
  return { ...state, isLeaving: true };
}

function toggled(state: TopState, { names }: Seen): TopState {
  const selected = names[cursorIn(names, state)];
  if (state.isOpen || selected === undefined) return { ...state, isOpen: false };
  return { ...state, isOpen: true, scrolled: 0, selected };
}

function editFilter(state: TopState, key: string, seen: Seen): TopState {
  if (key === '\r' || key === '\n') return { ...state, isFiltering: false };
  if (key === ESCAPE) return { ...state, isFiltering: false, filter: '' };
  if (key === '\u007f' || key === '\b') return { ...state, filter: [...state.filter].slice(0, -1).join('') };
  if (key === '\u0015') return { ...state, filter: '' };
  if (key.startsWith(ESCAPE)) return reduceKey({ ...state, isFiltering: false }, key, seen);
  const isText = /^[^\p{Cc}\p{Cs}]+$/u.test(key);
  return isText && state.filter.length < MOST_FILTER ? { ...state, filter: state.filter + key } : state;
}
