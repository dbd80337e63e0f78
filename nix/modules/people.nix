# nixosFleet.people: users who may log in with ssh keys, and until when. The next switch removes a user who is no longer in the
# configuration, but keeps the home.
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
        description = "Whether the user is in the group wheel, and so has sudo.";
      };
      until = mkOption {
        type = types.nullOr (types.strMatching "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])");
        default = null;
        example = "2027-01-31";
        description = "First day on which the keys and the account are expired, in the machine's time zone.";
      };
    };
  };
  # sshd checks the key's expiry; the account's covers everything else. Open sessions continue.
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
    description = "People by user name. A stack's input `operator` creates users too; a user in both has the keys of both.";
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
