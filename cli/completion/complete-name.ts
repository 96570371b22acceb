/** What the scripts of `hawser completion` run at TAB: `hawser __complete WORDS…`. */
export const COMPLETE = '__complete';
