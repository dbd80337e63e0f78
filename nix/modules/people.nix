# nixosFleet.people: who may log in, by ssh keys alone, and until when. One who is taken out of the configuration is gone at the next
# switch; the home stays.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nixosFleet.people;
  person = types.submodule {
    options = {
      keys = mkOption {
        type = types.listOf types.singleLineStr;
        description = "Public ssh keys, as lines of authorized_keys.";
      };
      admin = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the person is in the group wheel, and so becomes root by sudo.";
      };
      until = mkOption {
        type = types.nullOr (types.strMatching "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])");
        default = null;
        example = "2027-01-31";
        description = "First day on which neither the keys nor the account let in any more, in the machine's time zone.";
      };
    };
  };
  # sshd takes a key's own date, the account's is for all else; a session that is open goes on.
  dated =
    { until, keys, ... }:
    if until == null then
      keys
    else
      map (key: "expiry-time=\"${lib.replaceStrings [ "-" ] [ "" ] until}\" ${key}") keys;
  keyless = lib.attrNames (lib.filterAttrs (_: item: item.keys == [ ]) cfg);
in
{
  options.nixosFleet.people = mkOption {
    type = types.attrsOf person;
    default = { };
    example = {
      ada = {
        keys = [ "ssh-ed25519 AAAA… ada" ];
        admin = true;
        until = "2027-01-31";
      };
    };
    description = "People by user name. A stack's input `operator` makes users too; who is in both has the keys of both.";
  };

  config = lib.mkIf (cfg != { }) {
    assertions = [
      {
        assertion = !cfg ? root;
        message = "nixosFleet.people.root: root is nobody's own account. Name the person, with admin = true.";
      }
      {
        assertion = keyless == [ ];
        message = "nixosFleet.people.${lib.concatStringsSep "," keyless}.keys = [ ]: nobody could log in by that name. Give a key, or take the person out.";
      }
    ];
    users.users = lib.mapAttrs (_: item: {
      isNormalUser = true;
      extraGroups = lib.optional item.admin "wheel";
      openssh.authorizedKeys.keys = dated item;
      expires = item.until;
    }) (removeAttrs cfg [ "root" ]);
  };
}
