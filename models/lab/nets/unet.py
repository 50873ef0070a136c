"""UNet2DConditionModel in diffusers' layout: the same modules, keys and arithmetic.

Only the blocks a text-to-image student needs: residual blocks with the time step added, spatial
transformers with self- and cross-attention and a GEGLU. Attention is written out as two matrix
products, whose backward pass is faster on a CPU than the fused one. Cross-attention can be steered away
from a negative text while it trains (NASA-T: SNOOPI, arXiv 2412.02687 v3).
"""
from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class UNetConfig:
    """The fields that shape the network. `attention_head_dim` is, as in diffusers, the number of heads."""
    sample_size: int = 32
    in_channels: int = 12
    out_channels: int = 12
    down_block_types: tuple[str, ...] = ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D")
    up_block_types: tuple[str, ...] = ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D")
    block_out_channels: tuple[int, ...] = (32, 80, 128, 192)
    layers_per_block: int = 1
    norm_num_groups: int = 16
    cross_attention_dim: int = 128
    attention_head_dim: tuple[int, ...] = (1, 2, 4, 6)

    def to_json(self) -> dict[str, object]:
        fixed: dict[str, object] = {
            "center_input_sample": False, "flip_sin_to_cos": True, "freq_shift": 0, "mid_block_type": "UNetMidBlock2DCrossAttn", "only_cross_attention": False,
            "downsample_padding": 1, "mid_block_scale_factor": 1, "dropout": 0.0, "act_fn": "silu", "norm_eps": 1e-05, "transformer_layers_per_block": 1,
            "reverse_transformer_layers_per_block": None, "encoder_hid_dim": None, "encoder_hid_dim_type": None, "num_attention_heads": None,
            "dual_cross_attention": False, "use_linear_projection": True, "class_embed_type": None, "addition_embed_type": None, "addition_time_embed_dim": None,
            "num_class_embeds": None, "upcast_attention": False, "resnet_time_scale_shift": "default", "resnet_skip_time_act": False, "resnet_out_scale_factor": 1.0,
            "time_embedding_type": "positional", "time_embedding_dim": None, "time_embedding_act_fn": None, "timestep_post_act": None, "time_cond_proj_dim": None,
            "conv_in_kernel": 3, "conv_out_kernel": 3, "projection_class_embeddings_input_dim": None, "attention_type": "default", "class_embeddings_concat": False,
            "mid_block_only_cross_attention": None, "cross_attention_norm": None, "addition_embed_type_num_heads": 64,
        }
        return {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.40.0", **asdict(self), **fixed}

    @classmethod
    def from_json(cls, config: dict[str, object]) -> "UNetConfig":
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in config.items() if name in cls.__dataclass_fields__})  # type: ignore[arg-type]


class TimestepEmbedding(nn.Module):
    def __init__(self, inward: int, outward: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(inward, outward), nn.Linear(outward, outward)
        self.half = inward // 2

    def forward(self, t: Tensor) -> Tensor:
        frequencies = torch.exp(-math.log(10000) * torch.arange(self.half, dtype=torch.float32, device=t.device) / self.half)
        angles = t.float()[:, None] * frequencies
        return self.linear_2(F.silu(self.linear_1(torch.cat([angles.cos(), angles.sin()], -1))))


class ResnetBlock2D(nn.Module):
    def __init__(self, inward: int, outward: int, time: int, groups: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, inward, 1e-5), nn.Conv2d(inward, outward, 3, padding=1)
        self.time_emb_proj = nn.Linear(time, outward)
        self.norm2, self.conv2 = nn.GroupNorm(groups, outward, 1e-5), nn.Conv2d(outward, outward, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(inward, outward, 1) if inward != outward else None

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(F.silu(time))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.conv_shortcut is None else self.conv_shortcut(x))


@dataclass(frozen=True)
class Away:
    """What some rows of a batch are steered away from: `Z+ - scale Z-` in every cross-attention (SNOOPI v3, eq. 7 to 9)."""
    rows: Tensor  # [k] indices into the batch
    context: Tensor  # [k, tokens, d] the negative texts' states
    scale: Tensor  # [k, 1, 1]

    def among(self, chosen: Tensor) -> "Away | None":
        """The part that concerns the `chosen` rows of the batch, counted among them."""
        kept, place = (self.rows[:, None] == chosen).nonzero(as_tuple=True)
        return Away(place, self.context[kept], self.scale[kept]) if len(kept) else None


class Attention(nn.Module):
    def __init__(self, width: int, context: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k, self.to_v = nn.Linear(context, width, bias=False), nn.Linear(context, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x: Tensor, context: Tensor, away: Away | None = None) -> Tensor:
        q = self._heads(self.to_q(x))
        z = self._attend(q, context)
        if away is not None:
            z = z.index_add(0, away.rows, -(away.scale * self._attend(q[away.rows], away.context)).to(z.dtype))
        return self.to_out[0](z)

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _attend(self, q: Tensor, context: Tensor) -> Tensor:
        k, v = self._heads(self.to_k(context)), self._heads(self.to_v(context))
        weights = torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5, -1)
        return (weights @ v).transpose(1, 2).flatten(2)


class GEGLU(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, -1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.ModuleList([GEGLU(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x: Tensor) -> Tensor:
        return self.net[2](self.net[0](x))


class BasicTransformerBlock(nn.Module):
    def __init__(self, width: int, context: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.attn1 = nn.LayerNorm(width), Attention(width, width, heads)
        self.norm2, self.attn2 = nn.LayerNorm(width), Attention(width, context, heads)
        self.norm3, self.ff = nn.LayerNorm(width), FeedForward(width)

    def forward(self, x: Tensor, context: Tensor, away: Away | None) -> Tensor:
        h = self.norm1(x)
        x = x + self.attn1(h, h)
        x = x + self.attn2(self.norm2(x), context, away)
        return x + self.ff(self.norm3(x))


class Transformer2DModel(nn.Module):
    def __init__(self, width: int, context: int, heads: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, 1e-6)
        self.proj_in = nn.Linear(width, width)
        self.transformer_blocks = nn.ModuleList([BasicTransformerBlock(width, context, heads)])
        self.proj_out = nn.Linear(width, width)

    def forward(self, x: Tensor, context: Tensor, away: Away | None) -> Tensor:
        batch, channels, height, width = x.shape
        tokens = self.proj_in(self.norm(x).permute(0, 2, 3, 1).reshape(batch, height * width, channels))
        tokens = self.proj_out(self.transformer_blocks[0](tokens, context, away))
        return x + tokens.view(batch, height, width, channels).permute(0, 3, 1, 2)


class Resample(nn.Module):
    """`downsamplers.0` (stride 2) or `upsamplers.0` (nearest, then convolution)."""

    def __init__(self, channels: int, up: bool) -> None:
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, stride=1 if up else 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest") if self.up else x)


class Level(nn.Module):
    """One resolution on the way down, up, or in the middle (where a residual block leads)."""

    def __init__(self, inputs: list[int], width: int, time: int, c: UNetConfig, heads: int | None, resample: str | None, middle: bool = False) -> None:
        super().__init__()
        self.middle = middle
        self.resnets = nn.ModuleList(ResnetBlock2D(i, width, time, c.norm_num_groups) for i in inputs)
        if heads is not None:
            count = len(inputs) - int(middle)
            self.attentions = nn.ModuleList(Transformer2DModel(width, c.cross_attention_dim, heads, c.norm_num_groups) for _ in range(count))
        self.attended = heads is not None
        if resample is not None:
            setattr(self, resample, nn.ModuleList([Resample(width, resample == "upsamplers")]))
        self.resample = resample

    def forward(self, x: Tensor, time: Tensor, context: Tensor, away: Away | None, skips: list[Tensor] | None = None, keep: list[Tensor] | None = None) -> Tensor:
        for i, resnet in enumerate(self.resnets):
            x = resnet(torch.cat([x, skips.pop()], 1) if skips is not None else x, time)
            if self.attended and not (self.middle and i == len(self.resnets) - 1):
                x = self.attentions[i](x, context, away)
            if keep is not None:
                keep.append(x)
        if self.resample is not None:
            x = getattr(self, self.resample)[0](x)
            if keep is not None:
                keep.append(x)
        return x


class UNet2DConditionModel(nn.Module):
    def __init__(self, c: UNetConfig) -> None:
        super().__init__()
        self.config = c
        widths, time = c.block_out_channels, 4 * c.block_out_channels[0]
        heads = c.attention_head_dim if isinstance(c.attention_head_dim, tuple) else (c.attention_head_dim,) * len(widths)
        self.conv_in = nn.Conv2d(c.in_channels, widths[0], 3, padding=1)
        self.time_embedding = TimestepEmbedding(widths[0], time)
        last = len(widths) - 1
        skips, before = [widths[0]], widths[0]
        self.down_blocks = nn.ModuleList()
        for i, (kind, width) in enumerate(zip(c.down_block_types, widths)):
            inputs = [before] + [width] * (c.layers_per_block - 1)
            self.down_blocks.append(Level(inputs, width, time, c, heads[i] if kind.startswith("CrossAttn") else None, "downsamplers" if i < last else None))
            skips += [width] * (c.layers_per_block + (i < last))
            before = width
        self.mid_block = Level([before, before], before, time, c, heads[-1], None, middle=True)
        self.up_blocks = nn.ModuleList()
        for i, (kind, width) in enumerate(zip(c.up_block_types, reversed(widths))):
            inputs = []
            for _ in range(c.layers_per_block + 1):
                inputs.append(before + skips.pop())
                before = width
            self.up_blocks.append(Level(inputs, width, time, c, heads[last - i] if kind.startswith("CrossAttn") else None, "upsamplers" if i < last else None))
        self.conv_norm_out = nn.GroupNorm(c.norm_num_groups, widths[0], 1e-5)
        self.conv_out = nn.Conv2d(widths[0], c.out_channels, 3, padding=1)

    def forward(self, sample: Tensor, timestep: Tensor, context: Tensor, away: Away | None = None) -> Tensor:
        """sample [n, c, h, w], timestep [n], context [n, tokens, d] -> the prediction, shaped as sample."""
        time, skips, x = self._down(sample, timestep, context, away)
        for level in self.up_blocks:
            x = level(x, time, context, away, skips=skips)
        return self.conv_out(F.silu(self.conv_norm_out(x)))

    def maps(self, sample: Tensor, timestep: Tensor, context: Tensor) -> list[Tensor]:
        """What the way down and the middle make of the sample, fine to coarse: the features a discriminator looks at."""
        _, skips, x = self._down(sample, timestep, context, None)
        return [*skips, x]

    def map_channels(self) -> list[int]:
        """Channels of each of `maps`."""
        first, last = self.config.block_out_channels[0], len(self.config.block_out_channels) - 1
        levels = (width for i, width in enumerate(self.config.block_out_channels) for _ in range(self.config.layers_per_block + (i < last)))
        return [first, *levels, self.config.block_out_channels[-1]]

    def _down(self, sample: Tensor, timestep: Tensor, context: Tensor, away: Away | None) -> tuple[Tensor, list[Tensor], Tensor]:
        time = self.time_embedding(timestep)
        x = self.conv_in(sample)
        skips = [x]
        for level in self.down_blocks:
            x = level(x, time, context, away, keep=skips)
        return time, skips, self.mid_block(x, time, context, away)
