{
  config,
  lib,
  pkgs,
  build,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.networking.firewall;
  accept =
    protocol: ports:
    if ports == [ ] then
      ""
    else
      "${protocol} dport { ${builtins.concatStringsSep ", " (map toString ports)} } accept";
  rules = build.writers.writeText "firewall.nft" ''
    table inet nixos-fw
    delete table inet nixos-fw
    table inet nixos-fw {
      chain input {
        type filter hook input priority filter; policy drop;
        iifname "lo" accept
        ct state established,related accept
        meta l4proto { 1, 58 } accept comment "ICMP and ICMPv6"
        ${accept "tcp" cfg.allowedTCPPorts}
        ${accept "udp" cfg.allowedUDPPorts}
      }
    }
  '';
in
{
  options.networking.firewall = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether packets to other ports than the allowed are dropped.";
    };
    allowedTCPPorts = mkOption {
      type = types.listOf types.port;
      default = [ ];
      description = "Open TCP ports.";
    };
    allowedUDPPorts = mkOption {
      type = types.listOf types.port;
      default = [ ];
      description = "Open UDP ports.";
    };
  };

  config = mkIf cfg.enable {
    systemd.services.firewall = {
      description = "Firewall";
      wantedBy = [ "multi-user.target" ];
      before = [ "network.target" ];
      reloadIfChanged = true;
      script = ''
        if ! ${pkgs.nftables}/sbin/nft list tables >/dev/null; then
          echo "this computer's kernel has no nf_tables: the firewall stays open"
          exit 0
        fi
        exec ${pkgs.nftables}/sbin/nft -f ${rules}
      '';
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecReload = "${pkgs.nftables}/sbin/nft -f ${rules}";
        ExecStop = "${pkgs.nftables}/sbin/nft delete table inet nixos-fw";
      };
    };
  };
}
