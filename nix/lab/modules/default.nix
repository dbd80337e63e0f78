# What every lab system is made of.
[
  ./assertions.nix
  ./boot.nix
  ./etc.nix
  ./file-systems.nix
  ./firewall.nix
  ./heartbeat.nix
  ./image.nix
  ./initrd.nix
  ./networking.nix
  ./nginx.nix
  ./redis.nix
  ./ssh.nix
  ./system.nix
  ./systemd.nix
  ./users.nix
]
