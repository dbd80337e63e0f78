# What every lab system is made of.
[
  ./assertions.nix
  ./boot.nix
  ./etc.nix
  ./firewall.nix
  ./heartbeat.nix
  ./networking.nix
  ./nginx.nix
  ./redis.nix
  ./ssh.nix
  ./system.nix
  ./systemd.nix
  ./users.nix
]
