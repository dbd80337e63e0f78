# Nix on the machine: Debian's base has it with no cache; the fleet's are in a file beside the store, where there are any.
{
  environment.etc."nix/nix.conf".text = ''
    build-users-group =
    experimental-features = nix-command flakes
    sandbox = false
    substituters =
    !include /var/lib/nixos-fleet/nix-caches.conf
  '';
}
