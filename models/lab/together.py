"""What the processes of one run agree on."""
from __future__ import annotations

import torch.distributed
from torch import Tensor


def mean_of_all(value: Tensor) -> Tensor:
    """The mean over all processes; in a run of one process, the value itself."""
    if not torch.distributed.is_initialized():
        return value
    total = value.clone()
    torch.distributed.all_reduce(total)
    return total / torch.distributed.get_world_size()
