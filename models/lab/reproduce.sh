#!/bin/sh
# Makes Vignette from nothing: run in `models`, with the requirements and the repository's packages (`npm ci`) installed. Run it again to go on.
set -eu
work=${1:?usage: lab/reproduce.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
export OMP_NUM_THREADS=1
[ -e "$work/train/count" ] || python -m lab.dataset "$work/train" --count 60000 --seed 1
[ -e "$work/heldout/count" ] || python -m lab.dataset "$work/heldout" --count 2000 --seed 2 --kind held-out
[ -e "$work/judged/count" ] || python -m lab.dataset "$work/judged" --count 12000 --seed 4
[ -e "$work/left-out/count" ] || python -m lab.dataset "$work/left-out" --count 12000 --seed 3 --kind left-out
python -m lab.tokenizer vignette/tokenizer
python -m lab.words vignette
python -m lab.train.text_encoder --tokenizer vignette/tokenizer --out "$work"
python -m lab.train.autoencoder --data "$work/train" --out "$work"
for data in train left-out; do
  [ -e "$work/$data/latents.bin" ] || python -m lab.encode --data "$work/$data" --work "$work"
done
python -m lab.train.student --data "$work/train" --left-out "$work/left-out" --work "$work" --tokenizer vignette/tokenizer
python -m lab.train.perceptual --data "$work/train" --work "$work" --of latents
python -m lab.train.finish --data "$work/train" --left-out "$work/left-out" --work "$work" --tokenizer vignette/tokenizer
python -m lab.export --work "$work" --to vignette
python -m lab.train.perceptual --data "$work/train" --work "$work" --of pictures
python -m lab.train.decoder --model vignette --data "$work/train" --left-out "$work/left-out" --work "$work"
python -m lab.export --work "$work" --to vignette --only decoder
python -m lab.train.decoder --model vignette --data "$work/train" --left-out "$work/left-out" --work "$work" --size 512 --renders-alone
python -m lab.export --work "$work" --to vignette --only fine
on="--model vignette --data $work/train --work $work"
python -m lab.recipes teacher train $on
python -m lab.recipes dmd2 train $on --set guidance=2.5 pairs=0.5 left_out="$work/left-out"
python -m lab.export --work "$work" --to vignette --only student
# What ships is in blocks of 8 bits.
rm -rf "$work/float16" "$work/q8"
cp -R vignette "$work/float16"
npm --prefix .. run models -- quantise "$work/float16" --to "$work/q8" --weights q8
for network in unet/diffusion_pytorch_model text_encoder/model; do
  cp "$work/q8/$network.safetensors" "vignette/$network.safetensors"
  rm "vignette/$network.fp16.safetensors"
done
python -m lab.export_onnx vignette
python -m lab.train.second_judge --data "$work/judged" --work "$work"
python -m lab.train.classifier --data "$work/train" --out "$work"
python -m lab.evaluate --model vignette --data "$work/heldout" --work "$work"
python -m lab.card --model vignette
