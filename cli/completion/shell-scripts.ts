import { COMPLETE } from './complete-name.js';

export const COMPLETION_SHELLS = ['bash', 'zsh', 'fish'] as const;

export type CompletionShell = (typeof COMPLETION_SHELLS)[number];

// bash splits words at characters such as "@" and "=", too: the line is split anew, and what readline takes for another word
// is cut from the front of each answer.
const BASH = `_hawser() {
  local line=\${COMP_LINE:0:COMP_POINT} word=\${COMP_WORDS[COMP_CWORD]} cut typed answer
  local -a words
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  typed=\${words[\${#words[@]}-1]}
  case $word in [=@:]) cut=$typed ;; *) cut=\${typed%"$word"} ;; esac
  COMPREPLY=()
  while IFS= read -r answer; do
    if [ "$answer" = :files ]; then compopt -o default 2>/dev/null; break; fi
    answer=\${answer%% *}
    COMPREPLY+=("\${answer#"$cut"}")
  done < <(hawser ${COMPLETE} "\${words[@]}" 2>/dev/null)
}
complete -F _hawser hawser
`;

const ZSH = `#compdef hawser
_hawser() {
  local answer
  local -a found
  for answer in "\${(@f)$(hawser ${COMPLETE} "\${(@Q)words[1,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
    if [[ $answer == :files ]]; then _files; return; fi
    [[ -n $answer ]] && found+=("\${\${answer%% *}//:/\\\\:}\${\${(M)answer%% *}:+:\${answer#* }}")
  done
  (( $#found )) && _describe hawser found
}
compdef _hawser hawser
`;

const FISH = `function __hawser_complete
  set -l typed (commandline -ct)
  for answer in (hawser ${COMPLETE} (commandline -opc) "$typed" 2>/dev/null)
    if test "$answer" = :files
      __fish_complete_path "$typed"
    else
      string replace -r ' ' \\t -- $answer
    end
  end
end
complete -c hawser -f -a '(__hawser_complete)'
`;

/** What a shell has to run to complete our command lines. */
export function completionScript(shell: CompletionShell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell];
}
