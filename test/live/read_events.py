"""Reads a folder of event files with TensorBoard's own code and prints what it finds as JSON."""
import json
import pathlib
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.graph.keras_util import keras_model_to_graph_def
    from tensorboard.util import tensor_util
except ImportError as e:
    print(json.dumps({"missing": str(e)}))
    sys.exit()


def read(folder):
    found = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    runs = {}
    for tag in found.Tags()["tensors"]:
        plugin = found.SummaryMetadata(tag).plugin_data.plugin_name
        points = []
        for event in found.Tensors(tag):
            value = tensor_util.make_ndarray(event.tensor_proto)
            if plugin == "images":
                value = [int(value[0]), int(value[1]), len(value) - 2]
            elif plugin == "graph_keras_model":
                graph = keras_model_to_graph_def(json.loads(value.item()))
                value = [[n.name, list(n.input)] for n in graph.node]
            else:
                value = value.tolist()
            points.append({"step": event.step, "value": value})
        runs[tag] = {"plugin": plugin, "points": points}
    return runs


print(json.dumps({p.name: read(p) for p in sorted(pathlib.Path(sys.argv[1]).iterdir()) if p.is_dir()}))
