/** A page of the site. */
export interface Page {
  /** Where it is in the site, such as `reference/commands/deploy.md`. */
  readonly file: string;
  /** In Markdown. */
  readonly text: string;
}
