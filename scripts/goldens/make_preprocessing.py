"""Preprocessing layers: what Keras's lookups, text vectorization, hashing, discretization and
normalization give. The lookups run on TensorFlow, as they do in Keras on JAX.

    python3 scripts/goldens/make_preprocessing.py
"""
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np
import tensorflow as tf

L=keras.layers
out={}
def A(x): 
    x=np.asarray(x); return {'shape':list(x.shape),'data':[ (v.decode() if isinstance(v,bytes) else (float(v) if x.dtype.kind=='f' else v if isinstance(v,str) else int(v))) for v in x.reshape(-1).tolist()]}
texts=["The cat sat on the mat.","The dog, the dog! Ran?","a Zebra café 漢字 漢字","","cat\tdog\ncat  \u00e9t\u00e9"]
tv=[]
for cfg in [{}, {'max_tokens':6}, {'standardize':'lower'}, {'standardize':'strip_punctuation'},{'standardize':None,'split':'character'},{'ngrams':2},{'ngrams':(2,3),'max_tokens':12},{'output_sequence_length':3},{'output_sequence_length':9},{'output_mode':'multi_hot'},{'output_mode':'count','max_tokens':30,'pad_to_max_tokens':True},{'output_mode':'tf_idf'},{'output_mode':'tf_idf','max_tokens':20,'pad_to_max_tokens':True,'ngrams':2},{'split':None,'standardize':None}]:
    l=L.TextVectorization(**cfg); l.adapt(texts)
    y=l(texts+["unknown cat words"])
    tv.append({'config':cfg,'vocabulary':l.get_vocabulary(),'output':A(y)})
out['textVectorization']={'texts':texts,'more':"unknown cat words",'cases':tv}
words=[['b','a','c'],['a','[UNK]','d'],['zz','a','b']]
query=[['a','q','b'],['m','zz','']]
sl=[]
for cfg in [{}, {'num_oov_indices':3},{'num_oov_indices':3,'salt':9},{'num_oov_indices':4,'salt':[5,6]},{'mask_token':''},{'mask_token':'','num_oov_indices':2},{'max_tokens':4},{'output_mode':'one_hot','_q':['a','q']},{'output_mode':'multi_hot'},{'output_mode':'multi_hot','mask_token':''},{'output_mode':'count','max_tokens':9,'pad_to_max_tokens':True},{'output_mode':'tf_idf'}]:
    cfg=dict(cfg); q=cfg.pop('_q',query)
    l=L.StringLookup(**cfg); l.adapt(words)
    sl.append({'config':cfg,'query':q,'vocabulary':l.get_vocabulary(),'output':A(l(q))})
out['stringLookup']={'words':words,'cases':sl}
ints=np.array([[12,13,36,12],[12,1000,36,-4]])
qi=np.array([[12,7,-4],[1000,36,-11]])
il=[]
for cfg in [{}, {'num_oov_indices':3},{'num_oov_indices':3,'oov_method':'farmhash'},{'num_oov_indices':3,'oov_method':'farmhash','salt':4},{'mask_token':7},{'max_tokens':4},{'output_mode':'multi_hot'},{'output_mode':'count'},{'output_mode':'one_hot'}]:
    l=L.IntegerLookup(**cfg); l.adapt(ints)
    il.append({'config':cfg,'vocabulary':[int(v) for v in l.get_vocabulary()],'output':A(l(qi))})
inv=L.IntegerLookup(vocabulary=[12,36,1000],invert=True)
out['integerLookup']={'data':A(ints),'query':A(qi),'cases':il,'inverted':A(inv(np.array([0,1,2,3,4])))}
h=[]
for cfg,x in [({'num_bins':3},['A','B','C','D','E','']),({'num_bins':3,'mask_value':''},['A','','C','D','']),({'num_bins':4,'salt':[133,137]},['A','B','C']),({'num_bins':4,'salt':133},['A','B','C']),({'num_bins':5},[1,2,-3,100000]),({'num_bins':5,'mask_value':2},[1,2,-3,100000]),({'num_bins':4,'output_mode':'multi_hot'},[['A','B'],['C','D']]),({'num_bins':4,'output_mode':'count'},[['A','A'],['C','D']]),({'num_bins':4,'output_mode':'one_hot'},[['A'],['C']]),({'num_bins':1},['x','y'])]:
    l=L.Hashing(**cfg); h.append({'config':cfg,'input':x,'output':A(l(np.array(x) if not isinstance(x[0],int) else np.array(x,'int32')))})
out['hashing']=h
rng=np.random.default_rng(3)
d=[]
x=rng.normal(size=(7,3)).astype('float32'); x[0,0]=0.5; x[1,1]=-1
for cfg in [{'bin_boundaries':[-1.0,0.0,0.5]},{'bin_boundaries':[-1.0,0.0,0.5],'output_mode':'one_hot'},{'bin_boundaries':[-1.0,0.0,0.5],'output_mode':'multi_hot'},{'bin_boundaries':[-1.0,0.0,0.5],'output_mode':'count'}]:
    l=L.Discretization(**cfg); d.append({'config':cfg,'output':A(l(x))})
data=rng.normal(size=(500,)).astype('float32')
for cfg in [{'num_bins':4},{'num_bins':7,'epsilon':0.05},{'num_bins':3,'epsilon':0.3}]:
    l=L.Discretization(**cfg); l.adapt(data); one=list(map(float,l.bin_boundaries))
    l=L.Discretization(**cfg); l.adapt([data[:200],data[200:230],data[230:]]); many=list(map(float,l.bin_boundaries))
    d.append({'config':cfg,'boundaries':one,'inParts':many,'output':A(l(x))})
out['discretization']={'x':A(x),'data':A(data),'cases':d}
n=[]
x4=rng.normal(2,3,size=(5,4,3)).astype('float32')
for cfg,adapt in [({},True),({'axis':None},True),({'axis':1},True),({'axis':(1,2)},True),({'axis':-1,'invert':True},True),({'mean':2.0,'variance':4.0,'axis':None},False),({'mean':[1.,2.,3.],'variance':[1.,4.,0.]},False),({'mean':[1.,2.,3.],'variance':[1.,4.,9.],'axis':(1,2)},False),({'mean':3.0,'variance':2.0,'invert':True},False)]:
    l=L.Normalization(**cfg)
    if adapt: l.adapt(x4)
    y=l(x4)
    r={'config':{k:(list(v) if isinstance(v,tuple) else v) for k,v in cfg.items()},'output':A(y)}
    if adapt:
        r['mean'],r['variance']=A(l.adapt_mean),A(l.adapt_variance)
        l2=L.Normalization(**cfg); l2.adapt([x4[:2],x4[2:3],x4[3:]]); r['inParts']=A(l2.adapt_variance)
    n.append(r)
out['normalization']={'x':A(x4),'cases':n}
c=[]
for cfg,x,w in [({'num_tokens':4,'output_mode':'one_hot'},[3,2,0,1],None),({'num_tokens':4},[[0,1],[0,0],[1,2],[3,1]],None),({'num_tokens':4,'output_mode':'count'},[[0,1],[0,0],[1,2],[3,1]],[[.1,.2],[.1,.1],[.2,.3],[.4,.2]]),({'num_tokens':3,'output_mode':'count'},[0,1,1,2],None),({'num_tokens':3},[[[0,1],[2,2]],[[1,1],[0,0]]],None),({'num_tokens':3,'output_mode':'one_hot'},[[1],[2]],None)]:
    l=L.CategoryEncoding(**cfg); y=l(np.array(x),count_weights=np.array(w,'float32')) if w else l(np.array(x))
    c.append({'config':cfg,'input':x,'weights':w,'output':A(y)})
out['categoryEncoding']=c
words = ['','a','ab','abc','abcd','hello','deeplearn','0123456789abcdef','0123456789abcdefg','x'*31,'x'*32,'y'*33,'z'*50,'w'*63,'The quick brown fox jumps over the lazy dog, twice and more than that.','q'*64,'q'*65,'r'*127,'r'*128,'r'*129,'naïve café 漢字','-17','12345678901234567890'*12]
M = 2**61 - 1
out["hashes"] = {
    "words": words,
    "fast": [str(v) for v in tf.strings.to_hash_bucket_fast(words, M).numpy()],
    "strong": [str(v) for v in tf.strings.to_hash_bucket_strong(words, M, key=[133, 137]).numpy()],
}
out = {"head": {"generated_by": "scripts/goldens/make_preprocessing.py", "keras": keras.__version__, "tensorflow": tf.__version__}, **out}
path = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "preprocessing.json"
path.write_text(json.dumps(out, ensure_ascii=False) + "\n", encoding="utf-8")
