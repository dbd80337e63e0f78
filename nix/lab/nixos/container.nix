# A container of the lab. The lab makes its address, host key, root's key and /etc/hosts.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkDefault mkForce mkIf;
in
{
  boot.isContainer = mkDefault true;

  networking = {
    useNetworkd = mkDefault true;
    useDHCP = mkDefault false;
    useHostResolvConf = mkDefault false;
    resolvconf.enable = mkDefault false;
    nftables.enable = mkDefault true;
  };
  systemd.network.wait-online.enable = mkDefault false;
  environment.etc.hosts.enable = mkDefault false;
  # There is no name server to ask; networkd turns it on.
  services.resolved.enable = lib.mkOverride 900 false;

  # A kernel without nf_tables leaves the firewall open.
  systemd.services.nftables = mkIf config.networking.nftables.enable {
    serviceConfig.ExecCondition = "${pkgs.nftables}/bin/nft list tables";
  };

  services.openssh = {
    enable = mkDefault true;
    # A container's default, with which nothing listens that a check could find.
    startWhenNeeded = mkForce false;
    settings.PasswordAuthentication = mkDefault false;
    hostKeys = mkDefault [
      {
        type = "ed25519";
        path = "/etc/ssh/ssh_host_ed25519_key";
      }
    ];
  };
  # Root comes in by the lab's key.
  users.allowNoPasswordLogin = mkDefault true;

  # The machine reaches no cache but those of the fleet, and nspawn has no room for a sandbox.
  nix = {
    settings = {
      sandbox = mkDefault false;
      substituters = mkForce [ ];
      experimental-features = [
        "nix-command"
        "flakes"
      ];
    };
    extraOptions = ''
      !include /var/lib/nixos-fleet/nix-caches.conf
      !include /var/lib/nixos-fleet/nix-builders.conf
    '';
    channel.enable = mkDefault false;
  };

  documentation.enable = mkDefault false;
  system.stateVersion = mkDefault config.system.nixos.release;
}
