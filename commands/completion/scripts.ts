const bash = `_nixos_fleet() {
  local IFS=$'\\n'
  COMPREPLY=($(nixos-fleet __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  case \${COMPREPLY[0]-} in *,) compopt -o nospace ;; esac
}
# Words are not split at @ and :.
COMP_WORDBREAKS=\${COMP_WORDBREAKS//[@:]/}
complete -F _nixos_fleet nixos-fleet
`;

const zsh = `#compdef nixos-fleet
_nixos_fleet() {
  local -a found
  found=(\${(f)"$(nixos-fleet __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -- $found
}
compdef _nixos_fleet nixos-fleet
`;

const fish = `complete -c nixos-fleet -f -a '(nixos-fleet __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`;

/** The text for a shell's start-up file, by shell. Each asks the CLI itself for the candidates. */
export const completionScripts = { bash, zsh, fish };
