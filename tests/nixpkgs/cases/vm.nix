{
  on = {
    sizes.nixosFleet.vm = {
      cores = 4;
      memoryMiB = 4096;
      diskMiB = 20480;
    };
    window.nixosFleet.vm.graphics = true;
    ports.nixosFleet.vm.forwardedPorts = [
      {
        host = 8080;
        guest = 80;
      }
      {
        host = 5353;
        guest = 53;
        protocol = "udp";
      }
    ];
    folders.nixosFleet.vm.sharedFolders.share = {
      source = "$HOME/share";
      target = "/mnt/share";
    };
  };
  failing = {
    one-port-twice = {
      module.nixosFleet.vm.forwardedPorts = [
        {
          host = 2222;
          guest = 80;
        }
      ];
      message = "leads one port of this computer to two places: tcp 2222";
    };
    relative-folder = {
      module.nixosFleet.vm.sharedFolders.share = {
        source = "./share";
        target = "/mnt/share";
      };
      message = "nixosFleet.vm.sharedFolders.{share}.source must be an absolute path";
    };
    relative-kernel = {
      module.nixosFleet.vm.kernelImage = "bzImage";
      message = "nixosFleet.vm.kernelImage must be an absolute path";
    };
  };
}
