"""A tiny inpainting pipeline of diffusers with random weights, in the layout and under the names of the listed model's files."""

import json
import shutil

from zoomearth.core.catalogue import tool_models

NAME = "stable-diffusion-inpainting"


def make_inpainting(folder):
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=9,  # noise, the picture that is known, its mask
        out_channels=4,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=4,
    )
    blocks = {"block_out_channels": [8, 8, 8, 8], "norm_num_groups": 4}  # four: the latents are an eighth of the picture
    vae = AutoencoderKL(down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4, latent_channels=4, **blocks)
    text = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 1, "max_position_embeddings": 77}
    words = folder / "words"
    words.mkdir(parents=True)
    tokens = [
        "<|startoftext|>",
        "<|endoftext|>",
        *"abcdefghijklmnopqrstuvwxyz,",
        *(f"{letter}</w>" for letter in "abcdefghijklmnopqrstuvwxyz,"),
    ]
    (words / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    (words / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(words / "vocab.json"), str(words / "merges.txt"), model_max_length=77)
    encoder = CLIPTextModel(CLIPTextConfig(vocab_size=len(tokens), bos_token_id=0, eos_token_id=1, **text))
    pipeline = StableDiffusionInpaintPipeline(
        vae, encoder, tokenizer, unet, DDIMScheduler(steps_offset=1, clip_sample=False), None, None, requires_safety_checker=False
    ).to(torch.float16)
    out = folder / "pipeline"
    pipeline.save_pretrained(out, variant="fp16")
    for name in ("vocab.json", "merges.txt"):  # an older transformers wrote these, and the hub's folder has them
        shutil.copy(words / name, out / "tokenizer" / name)
    (out / "tokenizer" / "special_tokens_map.json").write_text("{}")
    assert [name for name in tool_models()[NAME].files if not (out / name).is_file()] == []
    return out
