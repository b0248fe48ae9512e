from recall_receiver import Receiver


def on_frame(frame):
    print(frame.stream, frame.pixels.shape)


Receiver(on_frame=on_frame).run(port=8765)
